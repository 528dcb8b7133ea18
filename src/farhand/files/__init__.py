"""The file engine that both ends share: files read and written beneath a folder, by the messages of the files channel.

It knows neither sockets nor clocks nor asyncio: the ends' services call it from worker threads. An upload is the
client's Sender and the host's Receiver, a download the host's Sender and the client's Receiver. What fails is a
FilesError.
"""
