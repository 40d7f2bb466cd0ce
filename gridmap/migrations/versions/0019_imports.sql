-- Imports: files on their way into the register, rows as they were before a run, rows to be placed by hand.

CREATE TABLE gridmap.upload (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  file_name TEXT NOT NULL,
  sha256 BYTEA NOT NULL,
  size BIGINT NOT NULL,
  state TEXT DEFAULT 'reading' NOT NULL,
  said JSONB DEFAULT '{}' NOT NULL,
  guessed JSONB,
  judged JSONB,
  report BYTEA,
  problem JSONB,
  job_id BIGINT,
  run_id BIGINT,
  revision INTEGER DEFAULT 1 NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT upload_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT upload_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT upload_state_known_check CHECK (state IN ('reading', 'guessed', 'checking', 'checked', 'writing', 'written', 'dropped')),
  CONSTRAINT upload_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT upload_run_id_fkey FOREIGN KEY(run_id) REFERENCES gridmap.import_run (id)
);
CREATE INDEX upload_sent_ix ON gridmap.upload (street_id, sent_at);
COMMENT ON TABLE gridmap.upload IS 'A file on its way into the register: read, looked at, and written or dropped.';
COMMENT ON COLUMN gridmap.upload.said IS 'what the person says of the file';
COMMENT ON COLUMN gridmap.upload.guessed IS 'what the file says of itself, with rows to look at';
COMMENT ON COLUMN gridmap.upload.judged IS 'counts, reasons and spots of the preview';
COMMENT ON COLUMN gridmap.upload.report IS 'the file of findings, by its SHA-256';
COMMENT ON COLUMN gridmap.upload.problem IS 'code and params of why the last step did not go through';

CREATE TABLE gridmap.import_row (
  street_id INTEGER NOT NULL,
  run_id BIGINT NOT NULL,
  relation TEXT NOT NULL,
  row_id BIGINT NOT NULL,
  revision INTEGER NOT NULL,
  before JSONB,
  beside JSONB,
  geom public.geometry(GEOMETRY,4326),
  CONSTRAINT import_row_pkey PRIMARY KEY (street_id, run_id, relation, row_id),
  CONSTRAINT import_row_relation_known_check CHECK (relation IN ('place', 'community', 'basemap')),
  CONSTRAINT import_row_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT import_row_run_id_fkey FOREIGN KEY(run_id) REFERENCES gridmap.import_run (id)
);
CREATE INDEX import_row_of_ix ON gridmap.import_row (street_id, row_id);
COMMENT ON TABLE gridmap.import_row IS 'Each row that a run has written, as it was before: for taking the run back.';
COMMENT ON COLUMN gridmap.import_row.revision IS 'as the run left it';
COMMENT ON COLUMN gridmap.import_row.before IS 'empty: the run made the row';
COMMENT ON COLUMN gridmap.import_row.beside IS 'what stood beside the place, where the run may have changed it';

CREATE TABLE gridmap.unplaced (
  street_id INTEGER NOT NULL,
  id BIGINT NOT NULL,
  run_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  cells JSONB NOT NULL,
  name TEXT NOT NULL,
  address TEXT,
  file_row BIGINT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT DEFAULT 'waiting' NOT NULL,
  place_id BIGINT,
  why TEXT,
  decided_by BIGINT,
  decided_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT unplaced_pkey PRIMARY KEY (street_id, id),
  CONSTRAINT unplaced_street_id_kind_digest_key UNIQUE (street_id, kind, digest),
  CONSTRAINT unplaced_street_id_place_id_fkey FOREIGN KEY(street_id, place_id) REFERENCES gridmap.place (street_id, id),
  CONSTRAINT unplaced_id_tells_street_check CHECK (id >> 32 = street_id),
  CONSTRAINT unplaced_state_known_check CHECK (state IN ('waiting', 'placed', 'rejected', 'withdrawn')),
  CONSTRAINT unplaced_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id),
  CONSTRAINT unplaced_run_id_fkey FOREIGN KEY(run_id) REFERENCES gridmap.import_run (id)
);
CREATE INDEX unplaced_waiting_ix ON gridmap.unplaced (street_id, state, id);
COMMENT ON TABLE gridmap.unplaced IS 'Rows of files that no position and no known address leads to a place.';
COMMENT ON COLUMN gridmap.unplaced.digest IS 'of its cells: the same row of the same file waits once';
COMMENT ON COLUMN gridmap.unplaced.cells IS 'under the names of our columns, as they were read';

ALTER TABLE gridmap.import_run
  ADD COLUMN undo_job_id BIGINT,
  ADD COLUMN undone_at TIMESTAMP WITH TIME ZONE,
  ADD COLUMN undone_by BIGINT,
  ADD COLUMN undone JSONB;
COMMENT ON COLUMN gridmap.import_run.undone IS 'how many rows were taken back, and how many had to stay';

-- Who sees what -------------------------------------------------------------------------------------------------------

-- A file holds rows of the whole street: it is seen by those who see all of that.
DO $$
DECLARE
  relation text;
BEGIN
  FOREACH relation IN ARRAY ARRAY['upload', 'import_row', 'unplaced']
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('CREATE POLICY scope ON gridmap.%I USING (gridmap.in_scope(street_id, NULL, NULL, NULL, NULL, NULL))'
      ' WITH CHECK (gridmap.in_scope(street_id, NULL, NULL, NULL, NULL, NULL))', relation);
  END LOOP;
END
$$;

-- Privileges -----------------------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE ON gridmap.upload, gridmap.unplaced TO gridmap_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON gridmap.import_row TO gridmap_app;
