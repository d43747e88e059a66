# zip: Sato_Ken_sem3.zip
# style: the notebook file was cut off while it was uploaded
# quirks: truncated
