"""The small process that confines, supervises and ends the runs; standard library only, nothing of the tool."""
