"""The service provider as this module builds it: one for all attacks."""

from __future__ import annotations

from velvet_auth.saml import ServiceProvider
from velvet_auth.samples.lab import Send
from velvet_auth.samples.lab.attacks_saml import ACS, BOMB_CHARACTERS, SP, TopicScene


def default(scene: TopicScene) -> Send:
    provider = ServiceProvider(SP, ACS, scene.idp.meta, scene.db, clock=scene.clock)

    def acs(response: str) -> str:
        return scene.secret_of(provider.consume(response, scene.session).name_id)

    return acs


def saml_entity_bomb(scene: TopicScene) -> Send:
    scene.goal = lambda loot: len(str(loot)) >= BOMB_CHARACTERS
    return default(scene)
