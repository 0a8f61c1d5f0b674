"""Azure's forms of a location, and where account and credentials come from."""

from harness import Case, Fakecloud, main


class AzureLocations(Case):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Fakecloud("--azure-container", "lake", "--azure-account", "acct", bucket=None)
        parts = dict(part.split("=", 1) for part in cls.cloud.azure.split(";"))
        cls.endpoint, cls.key = parts["BlobEndpoint"], parts["AccountKey"]

    @classmethod
    def tearDownClass(cls):
        cls.cloud.__exit__()

    def ls(self, location, env=None, code=0, config=None):
        arguments = ["ls", location]
        if config is not None:
            path = self.work / "config.toml"
            path.write_text(config)
            arguments += ["--config", path]
        run = self.godwit(*arguments, env=env)
        self.assertEqual(run.code, code, run.err)
        return run

    def test_connection_string_or_account_and_key_open_the_container(self):
        self.ls("az://lake/", {"AZURE_STORAGE_CONNECTION_STRING": self.cloud.azure})
        self.ls("az://lake/", {"AZURE_BLOB_ENDPOINT": self.endpoint, "AZURE_STORAGE_KEY": self.key})

    def test_remote_names_its_account_and_the_variable_of_its_key(self):
        config = ('[remote.archive]\ntype = "azure"\naccount = "acct"\n'
                  f'endpoint = "{self.endpoint}"\naccount_key_env = "ARCHIVE_KEY"\n')
        self.ls("archive:lake/", {"ARCHIVE_KEY": self.key}, config=config)
        run = self.ls("archive:lake/", {"AZURE_STORAGE_KEY": self.key}, code=3, config=config)
        self.assertIn("ARCHIVE_KEY", run.err)
        self.ls("archive:", {"ARCHIVE_KEY": self.key}, config=config + 'bucket = "lake"\n')

    def test_wrong_key_is_exit_3_and_a_missing_container_7(self):
        run = self.ls("az://lake/", {"AZURE_BLOB_ENDPOINT": self.endpoint,
                                     "AZURE_STORAGE_KEY": "c2VjcmV0a2V5"}, code=3)
        self.assertNotIn("c2VjcmV0a2V5", run.err)
        self.ls("az://missing/", {"AZURE_STORAGE_CONNECTION_STRING": self.cloud.azure}, code=7)
        self.ls("az://lake/", code=3)

    def test_bad_locations_are_exit_2_and_secrets_are_not_repeated(self):
        env = {"AZURE_STORAGE_CONNECTION_STRING": self.cloud.azure}
        for location in ("az://", "az://Upper/x", "az://a--b/x", "abfss://c@acct/x",
                         "abfss://acct.dfs.core.windows.net/x"):
            self.ls(location, env, code=2)
        run = self.ls("https://acct.blob.core.windows.net/lake/x?sv=1&sig=SECRETSIG", env, code=2)
        self.assertNotIn("SECRETSIG", run.err)

    def test_plain_http_elsewhere_needs_permission(self):
        self.ls("az://lake/", {"AZURE_BLOB_ENDPOINT": "http://blob.example/acct",
                               "AZURE_STORAGE_KEY": self.key}, code=2)


if __name__ == "__main__":
    main()
