"""Tables of the ledger: chart of accounts, posting rules, postings and their seals.

A set is every posting of one source (the key of its identity) by one rule. Its *seal* is the row with line
zero, written last: it is refused unless the set sums to zero, and nothing is added after it. Seal and lines
share one table, and sources are integers that rise, because every page that a sale touches is written out.
"""

from edge.store.migrate import Migration

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
)
