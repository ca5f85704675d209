"""The touch screen: sessions, screens, templates and their visual language."""
