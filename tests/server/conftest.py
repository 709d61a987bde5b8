"""Fixtures: a cluster, the cluster over HTTP, phones in it."""

from __future__ import annotations

import shutil

import pytest

from server.app import create_app
from tests.server.test_web import PASSWORD, sign_in
from tests.server.world import Phone, make_world, reopened, served


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world") / "data"
    make_world(folder).service.close()
    return folder


@pytest.fixture
def world(tmp_path, made_once):
    shutil.copytree(made_once, tmp_path / "data")
    made = reopened(tmp_path / "data")
    yield made
    made.service.close()


@pytest.fixture
def url(world):
    with served(world) as address:
        yield address


@pytest.fixture
def phone(world, url, tmp_path):
    """phone(login) enrols one."""
    made = []

    def enrol(login: str) -> Phone:
        made.append(Phone(url, tmp_path / f"phone-{len(made)}", world, login))
        return made[-1]

    yield enrol
    for each in made:
        each.close()


@pytest.fixture
def enter(world):
    """enter(login) signs somebody of the cluster in on the pages."""
    app = create_app(world.service.config, service=world.service)

    def as_(login):
        client = app.test_client()
        world.service.accounts.set_password(login, PASSWORD)
        assert sign_in(client, login, PASSWORD).status_code == 303
        return client

    return as_
