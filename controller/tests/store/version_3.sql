-- A store as version 3 wrote it, in a file that began as version 1. It never changes: every later version must read it.
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
     , key TEXT) STRICT;
INSERT INTO "audit" VALUES(1,'1970-01-01T00:00:07.000Z','web',7,'uid 1000','promote','7','{"generation":7,"canary":"v2","from":"progressing","to":"progressing","step":1,"weight_bp":2500,"reason":"command"}','{"ln_abort":-0.25,"ln_abort_at":3.5,"metrics":[],"ln_promote_at":2.5,"error_difference_percent":[-0.5,0.75]}',3011582827,NULL);
INSERT INTO "audit" VALUES(2,'1970-01-01T00:00:08.000Z','web',8,'uid 1000','promote','8','{"generation":8,"canary":"v2","from":"progressing","to":"progressing","step":1,"weight_bp":2500,"reason":"command"}','{"ln_abort":-0.25,"ln_abort_at":3.5,"metrics":[],"ln_promote_at":2.5,"error_difference_percent":[-0.5,0.75]}',713694137,'a-key');
CREATE TABLE freezes (
         number INTEGER NOT NULL PRIMARY KEY,
         kept TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT;
INSERT INTO "freezes" VALUES(1,'{"service":"web","actor":"uid 1000","note":"fair\u0000\u0001, \"sale\"","since":"1970-01-01T00:00:00.000000000Z","until":"2026-09-21T14:13:20.123456789Z","effect":"freeze"}',2435234816);
INSERT INTO "freezes" VALUES(2,'{"service":null,"actor":"uid 1000","note":null,"since":"1970-01-01T00:00:00.000000000Z","until":null,"effect":"lift"}',2460492425);
CREATE TABLE papers (
         service TEXT NOT NULL,
         kind TEXT NOT NULL,
         generation INTEGER NOT NULL,
         body TEXT NOT NULL,
         crc32 INTEGER NOT NULL,
         PRIMARY KEY (service, kind, generation)
     ) STRICT, WITHOUT ROWID;
INSERT INTO "papers" VALUES('web','account',7,'{"requests":[]}',271041843);
INSERT INTO "papers" VALUES('web','evidence',8,'{"arms":[]}',2585741565);
CREATE TABLE room (
         id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
         bytes BLOB NOT NULL
     ) STRICT;
CREATE TABLE seal (
         id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
         stop TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     , last_entry INTEGER, evidence INTEGER, seed TEXT) STRICT;
INSERT INTO "seal" VALUES(1,'orderly',214527893,2,4098310400,'00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9');
CREATE TABLE services (
         name TEXT NOT NULL PRIMARY KEY,
         saved TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
INSERT INTO "services" VALUES('api','{"stable":"a1","generation":3,"state":"idle"}',1275507231);
INSERT INTO "services" VALUES('web','{"stable":"v1","generation":8,"state":{"underway":{"trial":{"canary":"v2","plan":{"strategy":"canary","steps":[{"weight":1000,"instances":10,"min_duration":{"secs":60,"nanos":0},"max_duration":{"secs":3600,"nanos":1000000},"gate":"evidence"},{"weight":2500,"instances":25,"min_duration":{"secs":60,"nanos":0},"max_duration":{"secs":3600,"nanos":1000000},"gate":{"manual":{"deadline":{"secs":3,"nanos":601000000}}}},{"weight":5000,"instances":50,"min_duration":{"secs":60,"nanos":0},"max_duration":{"secs":3600,"nanos":1000000},"gate":"time"}],"ready_timeout":{"secs":120,"nanos":0},"on_thin_evidence":"hold","probation":{"secs":600,"nanos":0},"criteria":{"alpha":0.0123456789},"on_busy":"supersede","drain_timeout":{"secs":30,"nanos":1000000}},"peers":["api","pay"]},"position":{"paused-at":1}}}}',3890506343);
PRAGMA user_version = 3;
