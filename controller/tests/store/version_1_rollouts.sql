-- A store as version 1 wrote it, with rollouts under way. It never changes: every later version must read it.
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
INSERT INTO "audit" VALUES(1,'1970-01-01T00:00:01.000Z','api',1,'uid 0','start v2',NULL,'{"generation":1,"canary":"v2","from":"idle","to":"preparing","step":null,"weight_bp":0,"reason":"command"}',NULL,4109379352);
INSERT INTO "audit" VALUES(2,'1970-01-01T00:00:02.000Z','api',1,'canaryd',NULL,NULL,'{"generation":1,"canary":"v2","from":"preparing","to":"progressing","step":0,"weight_bp":1000,"reason":"ready"}','{"ln_abort":-2.2204460492503136e-16,"ln_abort_at":2.995732273553991,"metrics":[{"metric":"err","ln_abort":-1.1102230246251565e-16,"ln_promote":0.0},{"metric":"l50","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l90","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l99","ln_abort":-1.1102230246251565e-16,"ln_promote":null}],"ln_promote_at":2.995732273553991,"error_difference_percent":[-100.0,100.0]}',2033795474);
INSERT INTO "audit" VALUES(3,'1970-01-01T00:00:03.000Z','pay',1,'uid 0','start v2',NULL,'{"generation":1,"canary":"v2","from":"idle","to":"preparing","step":null,"weight_bp":0,"reason":"command"}',NULL,3786651857);
INSERT INTO "audit" VALUES(4,'1970-01-01T00:00:04.000Z','pay',1,'canaryd',NULL,NULL,'{"generation":1,"canary":"v2","from":"preparing","to":"progressing","step":0,"weight_bp":1000,"reason":"ready"}','{"ln_abort":-2.2204460492503136e-16,"ln_abort_at":2.995732273553991,"metrics":[{"metric":"err","ln_abort":-1.1102230246251565e-16,"ln_promote":0.0},{"metric":"l50","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l90","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l99","ln_abort":-1.1102230246251565e-16,"ln_promote":null}],"ln_promote_at":2.995732273553991,"error_difference_percent":[-100.0,100.0]}',2033055574);
INSERT INTO "audit" VALUES(5,'1970-01-01T00:00:05.000Z','web',1,'uid 0','start v2',NULL,'{"generation":1,"canary":"v2","from":"idle","to":"preparing","step":null,"weight_bp":0,"reason":"command"}',NULL,2431551710);
INSERT INTO "audit" VALUES(6,'1970-01-01T00:00:06.000Z','web',1,'canaryd',NULL,NULL,'{"generation":1,"canary":"v2","from":"preparing","to":"progressing","step":0,"weight_bp":1000,"reason":"ready"}','{"ln_abort":-2.2204460492503136e-16,"ln_abort_at":2.995732273553991,"metrics":[{"metric":"err","ln_abort":-1.1102230246251565e-16,"ln_promote":0.0},{"metric":"l50","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l90","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l99","ln_abort":-1.1102230246251565e-16,"ln_promote":null}],"ln_promote_at":2.995732273553991,"error_difference_percent":[-100.0,100.0]}',450199777);
INSERT INTO "audit" VALUES(7,'1970-01-01T00:00:07.000Z','pay',1,'canaryd',NULL,NULL,'{"generation":1,"canary":"v2","from":"progressing","to":"held","step":0,"weight_bp":1000,"reason":"thin-evidence"}','{"ln_abort":-2.2204460492503136e-16,"ln_abort_at":2.995732273553991,"metrics":[{"metric":"err","ln_abort":-1.1102230246251565e-16,"ln_promote":0.0},{"metric":"l50","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l90","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l99","ln_abort":-1.1102230246251565e-16,"ln_promote":null}],"ln_promote_at":2.995732273553991,"error_difference_percent":[-100.0,100.0]}',1239175546);
INSERT INTO "audit" VALUES(8,'1970-01-01T00:00:08.000Z','web',1,'uid 0','abort',NULL,'{"generation":1,"canary":"v2","from":"progressing","to":"aborted","step":null,"weight_bp":0,"reason":"command"}','{"ln_abort":-2.2204460492503136e-16,"ln_abort_at":2.995732273553991,"metrics":[{"metric":"err","ln_abort":-1.1102230246251565e-16,"ln_promote":0.0},{"metric":"l50","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l90","ln_abort":-1.1102230246251565e-16,"ln_promote":null},{"metric":"l99","ln_abort":-1.1102230246251565e-16,"ln_promote":null}],"ln_promote_at":2.995732273553991,"error_difference_percent":[-100.0,100.0]}',2391148108);
INSERT INTO "audit" VALUES(9,'1970-01-01T00:00:09.000Z','idle',1,'uid 0','start v3',NULL,'{"generation":1,"canary":"v3","from":"idle","to":"preparing","step":null,"weight_bp":0,"reason":"command"}',NULL,2084255930);
CREATE TABLE room (
         id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
         bytes BLOB NOT NULL
     ) STRICT;
CREATE TABLE seal (
         id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
         stop TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT;
INSERT INTO "seal" VALUES(1,'orderly',11757813);
CREATE TABLE services (
         name TEXT NOT NULL PRIMARY KEY,
         saved TEXT NOT NULL,
         crc32 INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
INSERT INTO "services" VALUES('api','{"stable":"v1","generation":1,"state":{"underway":{"trial":{"canary":"v2","plan":{"strategy":"canary","steps":[{"weight":1000,"min_duration":{"secs":600,"nanos":0},"max_duration":{"secs":900,"nanos":0},"gate":"manual"},{"weight":2500,"min_duration":{"secs":60,"nanos":0},"max_duration":{"secs":900,"nanos":0},"gate":"evidence"}],"ready_timeout":{"secs":60,"nanos":0},"on_thin_evidence":"hold","probation":{"secs":600,"nanos":0},"criteria":{"alpha":0.05}}},"position":{"step":0}}}}',996708728);
INSERT INTO "services" VALUES('idle','{"stable":"v1","generation":1,"state":{"underway":{"trial":{"canary":"v3","plan":{"strategy":"canary","steps":[{"weight":1000,"min_duration":{"secs":0,"nanos":150000000},"max_duration":{"secs":0,"nanos":150000000},"gate":"evidence"}],"ready_timeout":{"secs":60,"nanos":0},"on_thin_evidence":"promote","probation":{"secs":600,"nanos":0},"criteria":{"alpha":0.05}}},"position":{"step":0}}}}',2835839636);
INSERT INTO "services" VALUES('pay','{"stable":"v1","generation":1,"state":{"underway":{"trial":{"canary":"v2","plan":{"strategy":"canary","steps":[{"weight":1000,"min_duration":{"secs":0,"nanos":150000000},"max_duration":{"secs":0,"nanos":150000000},"gate":"evidence"}],"ready_timeout":{"secs":60,"nanos":0},"on_thin_evidence":"promote","probation":{"secs":600,"nanos":0},"criteria":{"alpha":0.05}}},"position":{"step":0}}}}',1733939310);
INSERT INTO "services" VALUES('web','{"stable":"v1","generation":1,"state":{"aborted":{"canary":"v2","reason":"command"}}}',2942406914);
PRAGMA user_version = 1;
