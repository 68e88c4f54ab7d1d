"""What is kept: runs, students, teachers, galleries and recorded runs, in SQL and in files; nothing here trains."""
