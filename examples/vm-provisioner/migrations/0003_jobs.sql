-- What watchers are told, in its order: who works may be another process than the one that is asked. A machine that is gone is told of too.
CREATE TABLE progress (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    vm_id       TEXT NOT NULL,
    state       TEXT NOT NULL,
    step        TEXT NOT NULL,
    failure     TEXT,
    task        TEXT,
    task_status TEXT
) STRICT;

CREATE INDEX progress_by_vm ON progress (vm_id, seq);

-- First passwords of machines that are being made: gone once they are, or are not to be.
CREATE TABLE admin_passwords (
    vm_id    TEXT NOT NULL PRIMARY KEY REFERENCES vms (id) ON DELETE CASCADE,
    password TEXT NOT NULL
) STRICT;

PRAGMA user_version = 3;
