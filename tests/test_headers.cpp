// Empty: its library owns the precompiled headers of the tests.
