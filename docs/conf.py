"""Sphinx's configuration of the site. `python -m data_scripts.make_site` assembles the pages and calls Sphinx."""

project = "RNN-T notebooks"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "data_scripts.site"]
exclude_patterns = ["parts"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
html_math_renderer = "mathml"  # ours, in data_scripts/site: nothing is fetched, no script runs

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
python_maximum_signature_line_length = 88
add_module_names = False
default_role = "code"  # `this` in a docstring

html_theme = "furo"
html_title = "RNN-T notebooks"
html_static_path = ["style"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_show_search_summary = False  # would be fetched, which a page opened from a disk may not
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
copybutton_prompt_text = "$ "
# Of a console block the commands are copied, not what they print.
copybutton_only_copy_prompt_lines = True
copybutton_selector = "div.highlight-console pre, div.highlight-toml pre, div.highlight-python pre"
