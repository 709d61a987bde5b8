"""What can be known of the Android package without building it."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mobile.android.hook import PROVIDER, with_provider
from mobile.version import APP_VERSION

ROOT = Path(__file__).parents[3]
MANIFEST = '<manifest xmlns:android="http://schemas.android.com/apk/res/android"><application></application></manifest>'


def spec():
    read = configparser.ConfigParser(interpolation=None)
    read.read(ROOT / "mobile" / "buildozer.spec", encoding="utf-8")
    return read["app"]


def test_the_provider_stands_inside_the_application_once_however_often_the_hook_runs():
    provider = PROVIDER.read_text("utf-8")
    once = with_provider(MANIFEST, provider)
    assert with_provider(once, provider) == once
    found = ET.fromstring(once).findall("application/provider")
    assert len(found) == 1


def test_the_providers_name_is_the_one_the_camera_asks_for():
    authority = f"{spec()['package.domain']}.{spec()['package.name']}.photos"
    assert f'android:authorities="{authority}"' in PROVIDER.read_text("utf-8")


def test_a_manifest_without_an_application_is_refused():
    with pytest.raises(ValueError, match="application"):
        with_provider("<manifest/>", "<provider/>")


def test_the_packages_version_is_read_from_the_app():
    text = (ROOT / "mobile" / "version.py").read_text("utf-8")
    assert re.search(spec()["version.regex"], text)[1] == APP_VERSION


def test_nothing_of_the_phone_goes_into_a_cloud_backup():
    assert spec()["android.allow_backup"] == "False"
