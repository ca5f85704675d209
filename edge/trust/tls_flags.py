"""What OpenSSL has and Python's `ssl` has no name for."""

NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME (x509_vfy.h): dates of certificates are judged by us, or by nobody."""
