-- How files of a source are read: what a person said once is guessed the next time.

CREATE TABLE gridmap.import_source (
  street_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  source TEXT NOT NULL,
  columns JSONB NOT NULL,
  datum TEXT,
  dates TEXT,
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  changed_by BIGINT,
  CONSTRAINT import_source_pkey PRIMARY KEY (street_id, kind, source),
  CONSTRAINT import_source_datum_known_check CHECK (datum IN ('wgs84', 'gcj02', 'bd09')),
  CONSTRAINT import_source_dates_known_check CHECK (dates IN ('dmy', 'mdy')),
  CONSTRAINT import_source_street_id_fkey FOREIGN KEY(street_id) REFERENCES gridmap.street (id)
);
COMMENT ON TABLE gridmap.import_source IS 'How files of a source were read last: guessed the next time.';
COMMENT ON COLUMN gridmap.import_source.columns IS 'our column → column of the file, as a person said it';
COMMENT ON COLUMN gridmap.import_source.dates IS 'what stands first in 03/04/2020; empty: not said';

ALTER TABLE gridmap.import_source ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON gridmap.import_source USING (gridmap.is_near(street_id))
  WITH CHECK (gridmap.is_near(street_id));
GRANT SELECT, INSERT ON gridmap.import_source TO gridmap_app;
GRANT UPDATE (columns, datum, dates, changed_at, changed_by) ON gridmap.import_source TO gridmap_app;
