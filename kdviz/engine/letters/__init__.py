"""Networks that guess the next letter of a text: what they are, how they learn, write and are judged.

Images and their ten classes live in the modules beside this package; the losses are the same.
"""
