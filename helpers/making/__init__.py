"""Where corpora come from: synthesised (`mini`), put together (`digits`) or downloaded (`librispeech`).

`helpers.corpora` reads them. Everything here writes one layout, LibriSpeech's, and a folder that is not complete never
carries its final name.
"""
