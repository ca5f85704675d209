"""Tables of the ledger: chart of accounts, posting rules, postings and their seals."""

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
            rule TEXT NOT NULL,
            line INTEGER NOT NULL,
            role TEXT NOT NULL,
            side INTEGER NOT NULL CHECK (side IN (1, -1)),
            account TEXT NOT NULL,
            PRIMARY KEY (rule, line)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE postings (
            source TEXT NOT NULL,
            rule TEXT NOT NULL,
            line INTEGER NOT NULL,
            account INTEGER NOT NULL REFERENCES accounts(number),
            amount_fen INTEGER NOT NULL,
            PRIMARY KEY (source, rule, line)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE posting_seals (
            source TEXT NOT NULL,
            rule TEXT NOT NULL,
            at_ms INTEGER NOT NULL,
            PRIMARY KEY (source, rule)
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER seal_demands_balance BEFORE INSERT ON posting_seals
        WHEN (SELECT coalesce(sum(amount_fen), 0) FROM postings
              WHERE source = NEW.source AND rule = NEW.rule) <> 0
        BEGIN SELECT RAISE(ABORT, 'books: the set does not sum to zero'); END;

        CREATE TRIGGER sealed_set_takes_no_rows BEFORE INSERT ON postings
        WHEN EXISTS (SELECT 1 FROM posting_seals WHERE source = NEW.source AND rule = NEW.rule)
        BEGIN SELECT RAISE(ABORT, 'books: the set is sealed'); END;

        CREATE TRIGGER postings_never_change BEFORE UPDATE ON postings
        BEGIN SELECT RAISE(ABORT, 'books: postings are never changed'); END;

        CREATE TRIGGER postings_never_go BEFORE DELETE ON postings
        BEGIN SELECT RAISE(ABORT, 'books: postings are never deleted'); END;

        CREATE TRIGGER seals_never_change BEFORE UPDATE ON posting_seals
        BEGIN SELECT RAISE(ABORT, 'books: a seal is never changed'); END;

        CREATE TRIGGER seals_never_go BEFORE DELETE ON posting_seals
        BEGIN SELECT RAISE(ABORT, 'books: a seal is never broken'); END;

        INSERT INTO posting_rules(rule, line, role, side, account) VALUES
            ('sale', 1, 'total', 1, 'assets:channel:{payee}'),
            ('sale', 2, 'goods', -1, 'income:goods:{payee}'),
            ('sale', 3, 'saving', 1, 'expense:promotions:{payee}'),
            ('sale_refund', 1, 'total', -1, 'assets:channel:{payee}'),
            ('sale_refund', 2, 'goods', 1, 'income:goods:{payee}'),
            ('sale_refund', 3, 'saving', -1, 'expense:promotions:{payee}'),
            ('fee', 1, 'total', 1, 'assets:channel:{payee}'),
            ('fee', 2, 'principal', -1, 'liability:fees:{payee}'),
            ('fee', 3, 'penalty', -1, 'liability:penalties:{payee}'),
            ('fee_refund', 1, 'total', -1, 'assets:channel:{payee}'),
            ('fee_refund', 2, 'principal', 1, 'liability:fees:{payee}'),
            ('fee_refund', 3, 'penalty', 1, 'liability:penalties:{payee}'),
            ('refund_due', 1, 'total', 1, 'assets:channel:{payee}'),
            ('refund_due', 2, 'total', -1, 'liability:refunds:{payee}'),
            ('points_earned', 1, 'points', 1, 'expense:points:{payee}'),
            ('points_earned', 2, 'points', -1, 'liability:points:{payee}');
        """,
    ),
)
