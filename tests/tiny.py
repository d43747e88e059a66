"""The smallest corpus `mini` that has every part."""

from helpers.making import mini

TINY = mini.Recipe(train=12, dev=4, test=4, train_voices=2, dev_voices=1, test_voices=1)
