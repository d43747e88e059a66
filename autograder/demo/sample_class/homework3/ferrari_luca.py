# zip: Ferrari_Luca_hw3.zip
# style: nothing written
