-- Columns of a file that gridmap has no place for, under their own names, with values as they were read; null where
-- nothing was kept. Who may read them is said by the layers; these tables are granted whole, new columns included.

DO $$
DECLARE
  relation text;
BEGIN
  FOREACH relation IN ARRAY ARRAY['district', 'street', 'community', 'place', 'basemap']
  LOOP
    EXECUTE format('ALTER TABLE gridmap.%I ADD COLUMN extra jsonb, ADD CONSTRAINT %I CHECK (jsonb_typeof(extra) = %L)',
                   relation, relation || '_extra_is_object_check', 'object');
  END LOOP;
END
$$;
