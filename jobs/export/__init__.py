"""The archive for other programs. Every form is written as a stream, and exporting twice gives the same bytes."""
