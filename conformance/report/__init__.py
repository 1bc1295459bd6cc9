"""
A scorecard, and every view of it as text or bytes.  Nothing here reads or writes a file, but its own templates.
"""
