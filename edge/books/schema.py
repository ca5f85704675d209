"""Tables of the ledger: chart of accounts, accounts with their balances, postings and their seals.

A set is every posting of one source (the key of its identity) by one rule. Its *seal* is the row with line
zero, written last: it is refused unless the set sums to zero and stays with one payee, and nothing is added
after it. Seal and lines share one table, and sources are integers that rise, because every page that a sale
touches is written out. An account outside the chart cannot be opened; its balance is kept by a trigger, so
that whatever posts, moves it in the same unit.
"""

from collections.abc import Iterable

from edge.books.chart import CHART_002, CHART_003, RULES_002, RULES_003
from edge.store.migrate import Migration


def _values(rows: Iterable[tuple[str | int, ...]]) -> str:
    """Rows of the chart as the VALUES of a statement; their texts are constants of the code."""
    return ",\n".join(
        "(" + ", ".join(str(each) if isinstance(each, int) else _quoted(each) for each in row) + ")"
        for row in rows
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "books-001",
        """
        CREATE TABLE accounts (
            number INTEGER PRIMARY KEY,
            code TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('assets', 'liability', 'income', 'expense', 'equity'))
        ) STRICT;

        CREATE TABLE posting_rules (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        ) STRICT;

        CREATE TABLE posting_rule_lines (
            rule INTEGER NOT NULL REFERENCES posting_rules(number),
            line INTEGER NOT NULL CHECK (line > 0),
            role TEXT NOT NULL,
            side INTEGER NOT NULL CHECK (side IN (1, -1)),
            account TEXT NOT NULL,
            PRIMARY KEY (rule, line)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE postings (
            source INTEGER NOT NULL,
            rule INTEGER NOT NULL REFERENCES posting_rules(number),
            line INTEGER NOT NULL CHECK (line >= 0),
            account INTEGER REFERENCES accounts(number),
            amount_fen INTEGER NOT NULL,
            CHECK ((line = 0) = (account IS NULL)),
            CHECK (line > 0 OR amount_fen = 0),
            PRIMARY KEY (source, rule, line)
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER seal_demands_balance BEFORE INSERT ON postings
        WHEN NEW.line = 0 AND 0 <> (
            SELECT coalesce(sum(amount_fen), 0) FROM postings
            WHERE source = NEW.source AND rule = NEW.rule)
        BEGIN SELECT RAISE(ABORT, 'books: the set does not sum to zero'); END;

        CREATE TRIGGER sealed_set_takes_no_rows BEFORE INSERT ON postings
        WHEN EXISTS (SELECT 1 FROM postings WHERE source = NEW.source AND rule = NEW.rule AND line = 0)
        BEGIN SELECT RAISE(ABORT, 'books: the set is sealed'); END;

        CREATE TRIGGER postings_never_change BEFORE UPDATE ON postings
        BEGIN SELECT RAISE(ABORT, 'books: postings are never changed'); END;

        CREATE TRIGGER postings_never_go BEFORE DELETE ON postings
        BEGIN SELECT RAISE(ABORT, 'books: postings are never deleted'); END;

        INSERT INTO posting_rules(number, name) VALUES
            (1, 'sale'), (2, 'sale_refund'), (3, 'fee'), (4, 'fee_refund'),
            (5, 'points_earned'), (6, 'refund_due');

        INSERT INTO posting_rule_lines(rule, line, role, side, account) VALUES
            (1, 1, 'total', 1, 'assets:channel:{payee}'),
            (1, 2, 'goods', -1, 'income:goods:{payee}'),
            (1, 3, 'saving', 1, 'expense:promotions:{payee}'),
            (1, 4, 'points', 1, 'expense:points:{payee}'),
            (1, 5, 'points', -1, 'liability:points:{payee}'),
            (2, 1, 'total', -1, 'assets:channel:{payee}'),
            (2, 2, 'goods', 1, 'income:goods:{payee}'),
            (2, 3, 'saving', -1, 'expense:promotions:{payee}'),
            (2, 4, 'points', -1, 'expense:points:{payee}'),
            (2, 5, 'points', 1, 'liability:points:{payee}'),
            (3, 1, 'total', 1, 'assets:channel:{payee}'),
            (3, 2, 'principal', -1, 'liability:fees:{payee}'),
            (3, 3, 'penalty', -1, 'liability:penalties:{payee}'),
            (4, 1, 'total', -1, 'assets:channel:{payee}'),
            (4, 2, 'principal', 1, 'liability:fees:{payee}'),
            (4, 3, 'penalty', 1, 'liability:penalties:{payee}'),
            (5, 1, 'points', 1, 'expense:points:{payee}'),
            (5, 2, 'points', -1, 'liability:points:{payee}'),
            (6, 1, 'total', 1, 'assets:channel:{payee}'),
            (6, 2, 'total', -1, 'liability:refunds:{payee}');
        """,
    ),
    Migration(
        "books-002",
        f"""
        CREATE TABLE chart (
            stem TEXT PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('assets', 'liability', 'income', 'expense', 'equity')),
            name_zh TEXT NOT NULL,
            meaning TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        INSERT INTO chart(stem, kind, name_zh, meaning) VALUES
        {_values((row.stem, row.kind, row.name_zh, row.meaning) for row in CHART_002)};

        INSERT INTO posting_rules(number, name) VALUES
        {_values((rule.number, rule.name) for rule in RULES_002)};

        DROP TABLE posting_rule_lines;

        ALTER TABLE accounts ADD COLUMN stem TEXT REFERENCES chart(stem);
        ALTER TABLE accounts ADD COLUMN payee TEXT;
        ALTER TABLE accounts ADD COLUMN balance_fen INTEGER NOT NULL DEFAULT 0;

        UPDATE accounts SET stem =
            (SELECT chart.stem FROM chart WHERE substr(code, 1, length(chart.stem) + 1) = chart.stem || ':');
        UPDATE accounts SET payee = substr(code, length(stem) + 2);
        UPDATE accounts SET balance_fen = folded.fen FROM (
            SELECT account, sum(amount_fen) AS fen FROM postings WHERE line > 0 GROUP BY account
        ) AS folded WHERE folded.account = accounts.number;

        CREATE TRIGGER accounts_are_in_the_chart BEFORE INSERT ON accounts
        WHEN NEW.code IS NOT NEW.stem || ':' || NEW.payee OR NEW.payee = '' OR NEW.balance_fen <> 0
            OR NOT EXISTS (SELECT 1 FROM chart WHERE stem = NEW.stem AND kind = NEW.kind)
        BEGIN SELECT RAISE(ABORT, 'books: the account is not in the chart'); END;

        CREATE TRIGGER accounts_never_change BEFORE UPDATE OF number, code, kind, stem, payee ON accounts
        BEGIN SELECT RAISE(ABORT, 'books: accounts are never changed'); END;

        CREATE TRIGGER accounts_never_go BEFORE DELETE ON accounts
        BEGIN SELECT RAISE(ABORT, 'books: accounts are never deleted'); END;

        CREATE TRIGGER posting_moves_its_balance AFTER INSERT ON postings WHEN NEW.line > 0
        BEGIN UPDATE accounts SET balance_fen = balance_fen + NEW.amount_fen WHERE number = NEW.account; END;

        CREATE TRIGGER seal_demands_one_payee BEFORE INSERT ON postings
        WHEN NEW.line = 0 AND 1 < (
            SELECT count(DISTINCT payee) FROM postings JOIN accounts ON number = account
            WHERE source = NEW.source AND rule = NEW.rule)
        BEGIN SELECT RAISE(ABORT, 'books: the set mixes payees'); END;
        """,  # noqa: S608 - constants of the code, quoted
    ),
    Migration(
        "books-003",
        f"""
        INSERT INTO chart(stem, kind, name_zh, meaning) VALUES
        {_values((row.stem, row.kind, row.name_zh, row.meaning) for row in CHART_003)};

        INSERT INTO posting_rules(number, name) VALUES
        {_values((rule.number, rule.name) for rule in RULES_003)};
        """,  # noqa: S608 - constants of the code, quoted
    ),
)
