"""`gridmap assets` and `gridmap translations`: what set-up makes from committed sources."""

import click

from gridmap.assets import AssetError, check_syntax, install, install_tools, is_current, own_scripts
from gridmap.assets.translations import compile_locale, locales, unfinished


@click.command()
@click.option("--check", is_flag=True, help="Only parse our scripts at the browser floor; change nothing.")
@click.option("--tools", is_flag=True, help="Also install what the browser tests need.")
@click.option("--force", is_flag=True, help="Make the browser code anew even where it is current.")
def assets(check: bool, tools: bool, force: bool) -> None:
    """Make the browser code from the pinned npm packages, and compile the translations."""
    try:
        if check:
            check_syntax(install_tools(say=click.echo), own_scripts())
            click.echo(f"{len(own_scripts())} scripts read by Chromium 87")
            return
        if force or not is_current():
            install(say=click.echo)
        else:
            click.echo("browser code: current")
        if tools:
            install_tools(say=click.echo)
        _compile()
    except AssetError as error:
        raise click.ClickException(str(error)) from None


@click.command()
@click.option("--check", is_flag=True, help="List what is fuzzy or untranslated, and fail if there is any.")
def translations(check: bool) -> None:
    """Merge the .po files of each locale into the catalogue that pages read."""
    try:
        _compile()
        missing = [line for locale in locales() for line in unfinished(locale)]
    except AssetError as error:
        raise click.ClickException(str(error)) from None
    for line in missing:
        click.echo(line, err=True)
    if check and missing:
        raise click.ClickException(f"{len(missing)} messages are not translated")


def _compile() -> None:
    for locale in locales():
        compile_locale(locale)
    click.echo(f"translations: {', '.join(locales()) or 'none'}")
