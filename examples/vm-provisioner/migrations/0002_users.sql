-- Who is made over the API has a name of their own.
CREATE UNIQUE INDEX users_by_name ON users (name);

PRAGMA user_version = 2;
