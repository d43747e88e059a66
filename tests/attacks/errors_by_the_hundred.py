# tries: adds 500 cells that all fail with long messages
# gain: a page of megabytes

# %% notebook
def change(notebook):
    for number in range(500):
        source = f"raise ValueError('{number} ' + 'x' * 5000)"
        notebook["cells"].append({"cell_type": "code", "execution_count": None, "id": f"many-{number}", "metadata": {}, "outputs": [], "source": source})
