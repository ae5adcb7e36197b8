"""What a channel holds, by its name."""

from __future__ import annotations

import pytest

from answerprint.frames.channels import kind

NAMES = {
    "light": "R G B Y diffuse.R specular_direct.G left.B beauty.red ViewLayer.Combined.R rgba.R",
    "matte": "A left.A matte.R mask.Y actor_matte.G alpha ViewLayer.Combined.A key.A",
    "id": "crypto_object00.red CryptoMaterial01.R ViewLayer.CryptoObject00.r ViewLayer.IndexOB.X",
    "data": "Z depth.Z N.X normals.Y ViewLayer.Vector.W motion.u forward.v P.x ViewLayer.Depth.Z",
}


@pytest.mark.parametrize(("name", "of"), [(n, k) for k, row in NAMES.items() for n in row.split()])
def test_what_it_holds(name: str, of: str) -> None:
    assert kind(name) == of
