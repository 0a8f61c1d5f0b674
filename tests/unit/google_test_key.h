#pragma once

#include <string>

namespace godwit {

// A key pair made for these tests alone (openssl genrsa).
inline const std::string kGoogleTestKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAKx0ZOypYWuD+xW+\n"
    "wgsVTq1pWLh0zTjqsy4ejy/YrGZ/bXEk3LTkPWph6cHAU/HThJF3T2lG0+WMmGkJ\n"
    "jm4KQcnv9sCBWRl1W27ag4wvZIrW0GC/Gf+FTXZYcbjoLyuBetcrMH2TOjjAlcqi\n"
    "DRqosryxoXbF1BSUoB+vxToDF0IZAgMBAAECgYBObTBooC75oi/Rl8rPF4WMP1hl\n"
    "qliaBcIuux8K91KP2mt/BPCKIzH660RPJJQIadTkAopOqjM7NVEqk3n+eROpbpia\n"
    "Y9lkdURbb7pbPF1g3cNaDC9hbW8LWT+lBxu/mP8b0BxWGByqRZbuaxhwBnGgMm6Q\n"
    "UJlYB9SJVxfNUHiPwQJBAOLOVqO5Pden3bC1Q4GDCgrK2z5zZCJhggBCS+d21Rn7\n"
    "alsw2oku+sdl18syavLXlxqOsUvLhOWgffK4AZeooX0CQQDCpxURGCRUImY3Hwic\n"
    "5yCRcIw0z5T9Jlsj+FSnYhOA1KAdivki05iom6A5x7p5Vnf6ylJRB8QAHMqgoL/S\n"
    "SIXNAkAlI/z0GqWR5x9ajJRdZQQD+Gwmsea36pfLSw/6+26yLoWgIUPoKxVOCdNo\n"
    "pvz0f3FzG+LUsqM0py94y8EXALpRAkEAklNr4MfXN3AMis9HeDu/HdYPb/vEMnFM\n"
    "/kNFz/ZIVwZ/vvWjx2xtTAKBdi4QnfpEg0DolIVT8Am0wP9Wc8uU2QJAKzMbA58l\n"
    "T9W/J9PuavO8Rd5oBCvE0S1OoF5nErmeCXbL7lbFztZmldrq09wt5GOVcD03eCjP\n"
    "peCPM1a6zRBS4w==\n"
    "-----END PRIVATE KEY-----\n";
inline const std::string kGoogleTestPublicKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCsdGTsqWFrg/sVvsILFU6taVi4\n"
    "dM046rMuHo8v2Kxmf21xJNy05D1qYenBwFPx04SRd09pRtPljJhpCY5uCkHJ7/bA\n"
    "gVkZdVtu2oOML2SK1tBgvxn/hU12WHG46C8rgXrXKzB9kzo4wJXKog0aqLK8saF2\n"
    "xdQUlKAfr8U6AxdCGQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

}  // namespace godwit
