"""One module for each revision, named by its number and by what it adds."""
