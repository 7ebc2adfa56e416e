"""The charts of the desk, one module a subject. Readers take them from `pipelines.desk.plot`."""
