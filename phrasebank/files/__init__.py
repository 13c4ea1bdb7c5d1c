"""The files that phrase banks come in: one module per format, and what several of them need.

`phrasebank.formats` is the way in. A reader turns bytes into rows (`remarks.Row`): a place and a record whose keys are named
as our columns. A writer turns records into bytes. What only one product writes is understood in `shapes`.
"""
