"""Installs and shell commands, as every Colab notebook begins."""


def damage(notebook):
    source = "!pip install -q torch numpy torchmetrics\n!nvidia-smi\n!ls -la\n%pip install -q torchmetrics\n!apt-get install -y ffmpeg"
    notebook["cells"].insert(0, own_cell(source))
    return dumped(notebook)
