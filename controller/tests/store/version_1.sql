-- A store as version 1 wrote it. It never changes: every later version must read it.
CREATE TABLE audit (
         id INTEGER NOT NULL PRIMARY KEY,
         at TEXT NOT NULL,
         service TEXT NOT NULL,
         generation INTEGER NOT NULL,
         actor TEXT NOT NULL,
         command TEXT,
         note TEXT,
         transition TEXT NOT NULL,
         evidence TEXT,
         crc32 INTEGER NOT NULL
     ) STRICT;
INSERT INTO "audit" VALUES(1,'1970-01-01T00:00:07.000Z','web',7,'uid 1000','promote','7','{"generation":7,"canary":"v2","from":"progressing","to":"progressing","step":1,"weight_bp":2500,"reason":"command"}','{"ln_abort":-0.25,"ln_abort_at":3.5,"metrics":[],"ln_promote_at":2.5,"error_difference_percent":[-0.5,0.75]}',3011582827);
CREATE TABLE room (
         id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
         bytes BLOB NOT NULL
     ) STRICT;
CREATE TABLE seal (
         id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
         stop TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT;
INSERT INTO "seal" VALUES(1,'orderly',2904992339);
CREATE TABLE services (
         name TEXT NOT NULL PRIMARY KEY,
         saved TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
INSERT INTO "services" VALUES('api','{"stable":"a1","generation":3,"state":"idle"}',1275507231);
INSERT INTO "services" VALUES('web','{"stable":"v1","generation":7,"state":{"aborted":{"canary":"v2","reason":"never-ready"}}}',3426563551);
PRAGMA user_version = 1;
