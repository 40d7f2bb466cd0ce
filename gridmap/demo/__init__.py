"""The demonstration data: generated from declarations into data/geo, loaded into the tables, cloned to a city.

`generate(folder)` writes the files, `load_demo(owner_connection)` loads them, `clone_city(owner_connection)` lays
copies of a street side by side. All of it is invented; nothing here stands for a real person, estate or outline.
"""
