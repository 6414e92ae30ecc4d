-- Run once, when the volume of PostgreSQL is empty: scenarios and their versions live apart from the record.
CREATE DATABASE nussknacker;
