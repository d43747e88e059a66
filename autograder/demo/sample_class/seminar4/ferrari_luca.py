# zip: Ferrari_Luca_sem3.zip
# style: nothing written
