"""What is kept: runs, students, teachers, galleries, recorded runs, files of data sets; nothing here trains."""
