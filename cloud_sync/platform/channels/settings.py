"""What the real channels are told: sections of `platform.toml`. Without a section its channel is off."""

import msgspec


class WeChatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[wechat]` of `platform.toml`: the service provider's own merchant, its keys, and who is paid.

    `merchants` names the sub-merchant of each payee. Key files are PEM, 0600; `apiv3_key_file` holds the 32
    characters of the APIv3 key. WeChat's own public key (`public_key_id`, `public_key_file`) verifies
    answers. `gateway` is another address than WeChat's own only in tests.
    """

    sp_mchid: str
    sp_appid: str
    serial_no: str
    private_key_file: str
    apiv3_key_file: str
    public_key_id: str
    public_key_file: str
    notify_url: str
    merchants: dict[str, str]
    gateway: str = ""


class AlipaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[alipay]` of `platform.toml`: the app of the service provider, its keys, and who is paid.

    `merchants` names for each payee the file with the token by which the merchant lets us act
    (app_auth_token). Key files are PEM, 0600. `gateway` is another address than Alipay's own only in tests.
    """

    app_id: str
    private_key_file: str
    alipay_public_key_file: str
    notify_url: str
    merchants: dict[str, str]
    gateway: str = ""
