"""Words on the screen: every text is a pair of Chinese and English."""

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]


class Text(NamedTuple):
    """One text in both languages; `{name}` marks what is filled in."""

    zh: str
    en: str

    def say(self, language: Language, **values: object) -> str:
        """The text in one language, filled in; a `Text` among the values is said in the same language."""
        template = self.en if language == "en" else self.zh
        said = {
            name: value.say(language) if isinstance(value, Text) else value for name, value in values.items()
        }
        return template.format(**said) if said else template

    def fill(self, **values: object) -> "Text":
        """The pair with its values filled in, to be said later."""
        return Text(self.say("zh", **values), self.say("en", **values))


def same(words: str) -> Text:
    """A text that is the same in both languages: a number, a code, a name."""
    return Text(words, words)
