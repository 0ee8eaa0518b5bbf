"""What of librdkafka's producer kcat cannot do: transactions, by ctypes."""

import ctypes
import ctypes.util

PRODUCER, COPY, ANY_PARTITION = 0, 2, -1
REASON_BYTES = 512


class KafkaError(Exception):
    """librdkafka refused, or the broker."""


def load():
    name = ctypes.util.find_library("rdkafka")
    if name is None:
        raise KafkaError("no librdkafka here")
    library = ctypes.CDLL(name)
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    number = ctypes.c_int
    for word, result, *arguments in (
            ("conf_new", pointer),
            ("conf_set", number, pointer, text, text, text, size),
            ("new", pointer, number, pointer, text, size),
            ("topic_new", pointer, pointer, text, pointer),
            ("topic_destroy", None, pointer),
            ("produce", number, pointer, ctypes.c_int32, number, text, size,
             text, size, pointer),
            ("poll", number, pointer, number),
            ("flush", number, pointer, number),
            ("destroy_flags", None, pointer, number),
            ("init_transactions", pointer, pointer, number),
            ("begin_transaction", pointer, pointer),
            ("commit_transaction", pointer, pointer, number),
            ("abort_transaction", pointer, pointer, number),
            ("error_string", text, pointer),
            ("error_destroy", None, pointer)):
        function = getattr(library, "rd_kafka_" + word)
        function.restype, function.argtypes = result, arguments
    return library


class Producer:
    """Records by key into one topic. With a transactional id: begin, send,
    commit or abort; after a KafkaError, close it and make another."""

    def __init__(self, brokers, topic, **settings):
        self.library = load()
        self.handle = self.topic = None
        reason = ctypes.create_string_buffer(REASON_BYTES)
        conf = self.library.rd_kafka_conf_new()
        for name, value in {"bootstrap_servers": brokers, "log_level": 0,
                            "topic_metadata_refresh_interval_ms": 2000,
                            "reconnect_backoff_max_ms": 500,
                            **settings}.items():
            if self.library.rd_kafka_conf_set(
                    conf, name.replace("_", ".").replace(
                        "log.level", "log_level").encode(),
                    str(value).encode(), reason, REASON_BYTES) != 0:
                raise KafkaError(reason.value.decode())
        self.handle = self.library.rd_kafka_new(PRODUCER, conf, reason,
                                                REASON_BYTES)
        if not self.handle:
            raise KafkaError(reason.value.decode())
        if "transactional_id" in settings:
            self.check(self.library.rd_kafka_init_transactions(self.handle,
                                                               20000))
        self.topic = self.library.rd_kafka_topic_new(self.handle,
                                                     topic.encode(), None)

    def check(self, error):
        if error:
            words = self.library.rd_kafka_error_string(error).decode()
            self.library.rd_kafka_error_destroy(error)
            raise KafkaError(words)

    def send(self, key, value):
        while self.library.rd_kafka_produce(
                self.topic, ANY_PARTITION, COPY, value, len(value), key,
                len(key), None) != 0:
            if self.library.rd_kafka_poll(self.handle, 100) == 0:
                raise KafkaError("the queue is full, or no transaction")
        self.library.rd_kafka_poll(self.handle, 0)

    def flush(self, seconds=60):
        if self.library.rd_kafka_flush(self.handle, seconds * 1000) != 0:
            raise KafkaError("not all was delivered in time")

    def begin(self):
        self.check(self.library.rd_kafka_begin_transaction(self.handle))

    def commit(self):
        self.check(self.library.rd_kafka_commit_transaction(self.handle,
                                                            20000))

    def abort(self):
        self.check(self.library.rd_kafka_abort_transaction(self.handle,
                                                           20000))

    def close(self):
        if self.topic:
            self.library.rd_kafka_topic_destroy(self.topic)
        if self.handle:
            self.library.rd_kafka_destroy_flags(self.handle, 0)
        self.topic = self.handle = None
