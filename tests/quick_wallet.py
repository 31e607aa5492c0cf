"""An account for tests whose keystore opens at once."""

PASSWORD = "correct horse battery staple"
# The second of anvil's accounts, under PASSWORD with next to no scrypt, so that a hundred payments cost seconds.
ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
KEYSTORE = '{"address":"70997970c51812dc3a010c7d01b50e0d17dc79c8","id":"ce87edf0-37a7-4a33-830f-1156612d0398","version":3,"Crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"e573a96f953dcc836b5f068eb62cff87"},"ciphertext":"0298b6dbcc616610c535a559a8b98e4f0ac036feed564c589bfd8838f19b37e5","kdf":"scrypt","kdfparams":{"salt":"dac066ae8454e2fdf2a35dfaa5d0d454337e03ed3497127513ae6b6f6c8e1267","n":2,"dklen":32,"p":1,"r":8},"mac":"6fdfd908182c5eded8b1eae6e91479be2180b594654c550200a8e8bbbdf887e4"}}'
