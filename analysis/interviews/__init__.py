"""Interviews: from the project file of a program for qualitative analysis to tables without a word of what was said."""
