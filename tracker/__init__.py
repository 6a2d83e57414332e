"""連携協約 進行管理: keeps an inter-municipal cooperation agreement alive through its years."""
