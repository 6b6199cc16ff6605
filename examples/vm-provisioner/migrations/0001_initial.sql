-- Who may call, by the digest of their tokens: a stolen database file opens no door.
CREATE TABLE users (
    id   TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE tokens (
    digest  BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    scope   TEXT NOT NULL
) STRICT;

-- The ids are UUIDv7, so that their order is the order of creation and a cursor is simply the last id.
CREATE TABLE vms (
    id         TEXT NOT NULL PRIMARY KEY,
    owner      TEXT NOT NULL REFERENCES users (id),
    name       TEXT NOT NULL,
    template   TEXT NOT NULL,
    size       TEXT NOT NULL,
    state      TEXT NOT NULL,
    step       TEXT NOT NULL,
    failure    TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (owner, name)
) STRICT;

CREATE INDEX vms_by_owner ON vms (owner, id);

-- One row an address: a machine holds at most one, and an address belongs to at most one machine.
CREATE TABLE ip_addresses (
    address INTEGER NOT NULL PRIMARY KEY,
    vm_id   TEXT UNIQUE REFERENCES vms (id)
) STRICT;

CREATE VIEW vm_details AS
SELECT vms.*, ip_addresses.address
FROM vms LEFT JOIN ip_addresses ON ip_addresses.vm_id = vms.id;

PRAGMA user_version = 1;
