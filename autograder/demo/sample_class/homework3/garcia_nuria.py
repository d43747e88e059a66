# zip: García_Núria_hw3.zip
# style: half done: the model is there, greedy decoding is not
# base: abebe_selam
# without: greedy
