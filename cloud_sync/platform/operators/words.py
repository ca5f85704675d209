"""What the operators' pages call things: (Chinese, English)."""

STATES = {
    "": ("全部", "all"),
    "well": ("正常", "well"),
    "behind": ("有积压", "behind"),
    "away": ("没有声音", "silent"),
    "alarm": ("要人处理", "needs a person"),
    "closed": ("已关", "closed"),
}
MARKS = {"well": "done", "behind": "wait", "away": "unsure", "alarm": "stop", "closed": "wait"}
DEVICE_STATES = {
    "active": ("在用", "in use"),
    "waiting": ("等待登记", "to be enrolled"),
    "revoked": ("已停用", "revoked"),
    "quarantined": ("已隔离", "quarantined"),
}
PARTS = {
    "shop": ("购物和收银", "Shop and checkout"),
    "fees": ("缴费", "Fee payment"),
    "pickup": ("自提柜", "Pickup and deposits"),
    "doors": ("门禁：扫码、刷卡、手机开门", "Doors: codes, cards and the app"),
}
TRUST = {
    "synced": ("已对时", "in step"),
    "holdover": ("自走", "holding over"),
    "unknown": ("不可信", "not trusted"),
}
GAUGES = {
    "uplink_waiting": ("站点还没有送出的事件", "Events that the site still holds"),
    "wall_clock_offset_ms": ("墙钟偏差（毫秒）", "Wall clock ahead, ms"),
    "disk_free_mb": ("磁盘剩余（MB）", "Disk free, MB"),
    "cpu_temperature_c": ("处理器温度（°C）", "Processor, °C"),
    "battery_percent": ("电池（%）", "Battery, %"),
    "battery_mv": ("电池（mV）", "Battery, mV"),
    "ups_percent": ("备用电源（%）", "Back-up supply, %"),
}
"""Gauges that are drawn where a device tells them, in this order."""
REFUSED = {
    "unauthorized": ("账号或密码不对。", "Login and password do not belong together."),
    "operator_locked": (
        "试错太多次，账号先锁一会儿，15 分钟后再试。",
        "Too many failures: the account is locked, try again in 15 minutes.",
    ),
    "forbidden": ("这个请求不是从本页发出的。", "That did not come from one of our own pages."),
    "not_found": ("这里没有。", "There is nothing here."),
    "malformed": ("填的内容不能用。", "What was filled in cannot be used."),
    "device_unknown": ("没有这台设备。", "There is no such device."),
    "webhook_invalid": ("没有建立。", "It was not made."),
}
REASONS = {
    "url": (
        "地址要完整，像 https://example.com/hook。",
        "The address has to be whole, as https://example.com/hook.",
    ),
    "https_only": (
        "地址要以 https:// 开头，内容才不会被旁人看到。",
        "The address has to begin with https://, so that nobody reads along.",
    ),
    "address_not_allowed": (
        "内网地址要先写进 platform.toml 的 [webhooks] allowed_networks。",
        "A private address has to stand in platform.toml first: [webhooks] allowed_networks.",
    ),
    "types": (
        "事件名称只用字母，像 SaleSettled 或 BillPaid.v3，空格隔开。",
        "Names of events are letters, as SaleSettled or BillPaid.v3, with blanks between.",
    ),
    "site": ("没有这个站点。", "There is no such site."),
    "too_many": ("已经太多，先取消一个。", "There are too many: remove one first."),
    "device_name": (
        "设备名：一个小写字母开头，后面最多 15 个小写字母或数字。",
        "A device is a lower-case letter, then up to 15 lower-case letters or digits.",
    ),
    "device_elsewhere": (
        "这个设备名已经属于另一个站点，换一个。",
        "Another site has a device of this name: take another.",
    ),
    "no_listener": (
        "platform.toml 里没有 [device_listener]，设备连不进来。",
        "platform.toml has no [device_listener]: no device could come.",
    ),
    "key_name": ("写上这把密钥给谁用。", "Say whose key it is."),
    "key_scopes": ("至少选一项权限。", "Choose at least one thing that it may do."),
}
"""Why a form was not taken, and what to do about it."""
FAILURES = {
    "ClientConnectorDNSError": ("域名查不到", "no such name"),
    "ClientConnectorError": ("连不上", "no connection"),
    "ClientConnectorCertificateError": ("对方的证书不可信", "its certificate is not trusted"),
    "ServerDisconnectedError": ("对方断开了连接", "it hung up"),
    "TimeoutError": ("没有及时回答", "no answer in time"),
    "ConnectionTimeoutError": ("没有及时接通", "no connection in time"),
    "SocketTimeoutError": ("没有及时回答", "no answer in time"),
}
"""Why a delivery failed, where it is no status of an answer."""
SCOPES = {
    "events:read": ("读事件", "read events"),
    "figures:read": ("读数字", "read figures"),
    "webhooks": ("自己管理推送", "manage its webhooks"),
}
"""What an API key may do beside writing a collection of the feed."""
INCIDENTS = {
    "enrolled": ("登记了", "enrolled"),
    "device_revoked": ("停用了，或停用后还来敲门", "taken out of service, or knocked after that"),
    "device_quarantined": ("已隔离的设备来敲门", "knocked while quarantined"),
    "device_unknown": ("不认识的设备来敲门", "knocked, not known here"),
    "clone": ("同一把密钥出现在两台机器上，已隔离", "one key on two machines: quarantined"),
    "hardware_changed": ("换到了另一台机器上", "moved to another machine"),
    "certificate_expired": ("拿过期的证书来", "came with a certificate that is over"),
    "certificate_superseded": ("拿换下的证书来", "came with a certificate that was replaced"),
    "proof_stale": ("续证书的请求太旧", "asked for a certificate with an old proof"),
    "protocol_unsupported": ("协议版本不同，要升级", "speaks another protocol: update it"),
    "epoch_began": ("开始了新的一期", "began a new epoch"),
    "restored_behind": ("从较早的备份恢复", "was restored from an earlier state"),
    "history_missing": ("前一段历史不在这里", "an earlier part of its history is not here"),
    "fork": ("同一编号有两种内容，已隔离", "one number with two contents: quarantined"),
    "gap": ("中间缺事件", "events are missing in between"),
    "batch_damaged": ("一批事件在路上损坏", "a batch was damaged on its way"),
    "batch_malformed": ("一批事件格式不对", "a batch was of no form"),
    "batch_too_large": ("一批事件太大", "a batch was too large"),
    "wrong_stream": ("一批事件写的是别的设备", "a batch named another device"),
    "claimed_twice": ("同一笔被两次取走", "one thing was claimed twice"),
    "settled_again": ("同一笔被两次结清", "one order was settled twice"),
    "superseded": ("来自已经结束的一期", "of an epoch that is over"),
    "encoding_unsupported": ("一批事件的压缩方式不认识", "a batch was compressed in an unknown way"),
    "tender_not_allowed": ("离线收了不许收的付款方式", "took a payment offline that it may not take"),
    "lease_foreign": ("花了别人的离线额度", "spent a lease of another"),
    "spent_after_return": ("额度收回后还花了", "spent from a lease after its return"),
    "lease_exceeded": ("花的超过离线额度", "spent more than its lease"),
    "custody_missing": ("保管的事件里少了一件", "an event in custody is missing"),
    "penalty_differs": ("违约金算得不一样", "the penalty was computed otherwise"),
}
"""Incidents by their code; one without words shows its code."""
