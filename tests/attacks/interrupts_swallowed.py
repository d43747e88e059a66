# tries: loops for ever and catches every interrupt, at the top level
# gain: the class waits
# verdict: timeout

# %% setup
import time
while True:
    try:
        while True:
            time.sleep(0.05)
    except BaseException:
        pass
