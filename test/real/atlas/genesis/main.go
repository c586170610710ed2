// SPDX-License-Identifier: Apache-2.0

// Command genesis lays out the data directories of a private MAP Relay Chain: one genesis block with
// the chain's own system contracts and freshly registered validators, and per node a key store, a node
// key and the list of its peers.
//
// The system contracts (registry, accounts, locked gold, validators, election, rewards) are not built
// here: their code is taken from the devnet genesis that the node's module carries, and they are
// initialised by the node's own genesis maker for the validators of this chain.
//
// The first block's validator set is one smaller than the set that is registered and elected, when
// there are two validators or more: so the first epoch change is a real one, an addition.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p/enode"
	"github.com/mapprotocol/atlas/accounts/keystore"
	"github.com/mapprotocol/atlas/core/chain"
	"github.com/mapprotocol/atlas/marker/env"
	"github.com/mapprotocol/atlas/marker/genesis"
	"github.com/mapprotocol/atlas/params"
)

// options are the command line, see main for the meaning of each.
type options struct {
	out              string
	validators       int
	epochBlocks      uint64
	periodSeconds    uint64
	timeoutMs        uint64
	chainID          uint64
	gasLimit         uint64
	mnemonic         string
	fund             string
	ports            string
	genesisTimestamp uint64
}

// node is one line of nodes.json: what the start script needs to run it.
type node struct {
	Directory string         `json:"directory"`
	Validator common.Address `json:"validator"`
	Port      int            `json:"port"`
	Enode     string         `json:"enode"`
}

func main() {
	var o options
	flag.StringVar(&o.out, "out", "", "directory to write (must not exist)")
	flag.IntVar(&o.validators, "validators", 4, "validators that are registered and elected")
	flag.Uint64Var(&o.epochBlocks, "epoch", 10, "blocks of an epoch; above 10 the validators wait a minute before they look for each other")
	flag.Uint64Var(&o.periodSeconds, "period", 1, "seconds between blocks")
	flag.Uint64Var(&o.timeoutMs, "round-timeout-ms", 3000, "first timeout of a consensus round")
	flag.Uint64Var(&o.chainID, "chain-id", params.DevNetChainID, "chain id")
	flag.Uint64Var(&o.gasLimit, "gas-limit", 20_000_000, "gas limit of a block")
	flag.StringVar(&o.mnemonic, "mnemonic", "test test test test test test test test test test test junk",
		"mnemonic of the validators' keys (m/0/i) and of the owner of the system contracts (m/12/0)")
	flag.StringVar(&o.fund, "fund", "", "comma separated addresses that get a million coins each")
	flag.StringVar(&o.ports, "ports", "", "comma separated peer ports, one a validator")
	flag.Uint64Var(&o.genesisTimestamp, "time", 0, "unix seconds of the genesis block (default: now)")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "genesis:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ports := strings.Split(o.ports, ",")
	if o.out == "" || o.validators < 1 || len(ports) != o.validators {
		return fmt.Errorf("--out, --validators >= 1 and one of --ports per validator are needed")
	}
	if err := os.Mkdir(o.out, 0o700); err != nil {
		return err
	}
	keys, err := env.DeriveAccountList(o.mnemonic, env.ValidatorAT, o.validators)
	if err != nil {
		return err
	}
	owner, err := env.DeriveAccount(o.mnemonic, env.AdminAT, 0)
	if err != nil {
		return err
	}
	block, err := makeGenesis(o, keys, owner.Address)
	if err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(o.out, "genesis.json"), block); err != nil {
		return err
	}
	nodes := make([]node, o.validators)
	enodes := make([]string, o.validators)
	for i := range keys {
		var port int
		if _, err := fmt.Sscanf(ports[i], "%d", &port); err != nil {
			return fmt.Errorf("port %q: %w", ports[i], err)
		}
		directory := fmt.Sprintf("node%d", i)
		nodes[i], err = makeNode(filepath.Join(o.out, directory), keys[i], port)
		if err != nil {
			return err
		}
		nodes[i].Directory = directory
		enodes[i] = nodes[i].Enode
	}
	for i := range nodes {
		peers := append(append([]string{}, enodes[:i]...), enodes[i+1:]...)
		if err := writeJSON(filepath.Join(o.out, nodes[i].Directory, "atlas", "static-nodes.json"), peers); err != nil {
			return err
		}
	}
	if err := writeJSON(filepath.Join(o.out, "nodes.json"), nodes); err != nil {
		return err
	}
	if err := crypto.SaveECDSA(filepath.Join(o.out, "owner.key"), owner.PrivateKey); err != nil {
		return err
	}
	// Key stores are encrypted with the empty password: the keys are worth nothing.
	return os.WriteFile(filepath.Join(o.out, "password"), []byte("\n"), 0o600)
}

// makeGenesis runs the node's genesis maker for these validators.
func makeGenesis(o options, keys []env.Account, owner common.Address) (*chain.Genesis, error) {
	config := *params.SingleNetConfig
	config.ChainID = new(big.Int).SetUint64(o.chainID)
	istanbul := *config.Istanbul
	istanbul.Epoch = o.epochBlocks
	istanbul.BlockPeriod = o.periodSeconds
	istanbul.RequestTimeout = o.timeoutMs
	istanbul.LookbackWindow = 3
	config.Istanbul = &istanbul
	// The genesis maker runs the contracts under the main network's rules; from block 0 on this chain
	// has the hash to the curve that the main network has had since its fork.
	params.MainnetChainConfig.BN256ForkBlock = big.NewInt(0)

	genesis.AdminAddr = owner
	for _, key := range keys {
		info, err := validatorInfo(key)
		if err != nil {
			return nil, err
		}
		genesis.ValidatorsAT = append(genesis.ValidatorsAT, info)
	}
	build, err := os.MkdirTemp("", "atlas-contracts")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(build)
	if err := writeContracts(build); err != nil {
		return nil, err
	}
	contracts := genesis.CreateCommonGenesisConfig()
	contracts.Istanbul = istanbul
	contracts.Blockchain.BlockGasLimit = o.gasLimit
	if o.genesisTimestamp == 0 {
		o.genesisTimestamp = uint64(time.Now().Unix())
	}
	contracts.GenesisTimestamp = o.genesisTimestamp
	// The maker fills in and returns one shared object: what is needed of it is copied out.
	made, err := genesis.GenerateGenesis(nil, nil, contracts, build)
	if err != nil {
		return nil, err
	}
	block := *made
	block.Config = &config
	block.GasLimit = o.gasLimit
	block.Timestamp = o.genesisTimestamp
	if len(keys) > 1 {
		genesis.ValidatorsAT = genesis.ValidatorsAT[:len(keys)-1]
		smaller, err := genesis.GenerateGenesis(nil, nil, contracts, build)
		if err != nil {
			return nil, err
		}
		block.ExtraData = smaller.ExtraData
	}
	coins := new(big.Int).Mul(big.NewInt(1_000_000), big.NewInt(1e18))
	rich := []common.Address{owner}
	for _, key := range keys {
		rich = append(rich, key.Address)
	}
	for _, address := range strings.Split(o.fund, ",") {
		if common.IsHexAddress(address) {
			rich = append(rich, common.HexToAddress(address))
		}
	}
	for _, address := range rich {
		account := block.Alloc[address]
		account.Balance = coins
		block.Alloc[address] = account
	}
	return &block, nil
}

func validatorInfo(key env.Account) (genesis.AccoutInfo, error) {
	g2, err := key.BLSPublicKey()
	if err != nil {
		return genesis.AccoutInfo{}, err
	}
	g1, err := key.BLSG1PublicKey()
	if err != nil {
		return genesis.AccoutInfo{}, err
	}
	possession, err := key.BLSProofOfPossession()
	if err != nil {
		return genesis.AccoutInfo{}, err
	}
	return genesis.AccoutInfo{
		Address:              key.Address.Hex(),
		SignerAddress:        key.Address.Hex(),
		PublicKeyHex:         hexutil.Encode(key.PublicKey()),
		BLSPubKey:            hexutil.Encode(g2[:]),
		BLSG1PubKey:          hexutil.Encode(g1[:]),
		BLSProofOfPossession: hexutil.Encode(possession),
	}, nil
}

// writeContracts writes the code of the devnet's system contracts and libraries as the build files that
// the genesis maker reads.
func writeContracts(directory string) error {
	code := chain.DevnetGenesisBlock().Alloc
	names := map[string]common.Address{}
	for _, library := range env.Libraries() {
		names[library] = env.MustLibraryAddressFor(library)
	}
	for _, contract := range []string{"Registry", "GoldToken", "Accounts", "LockedGold", "Validators", "Election",
		"EpochRewards", "Random", "BlockchainParameters"} {
		names[contract] = env.MustImplAddressFor(contract)
	}
	for name, address := range names {
		if len(code[address].Code) == 0 {
			return fmt.Errorf("the devnet genesis has no code of %s at %s", name, address)
		}
		file := map[string]string{"bytecode": "0x", "deployedBytecode": hexutil.Encode(code[address].Code)}
		if err := writeJSON(filepath.Join(directory, name+".json"), file); err != nil {
			return err
		}
	}
	return nil
}

func makeNode(directory string, key env.Account, port int) (node, error) {
	if err := os.MkdirAll(filepath.Join(directory, "atlas"), 0o700); err != nil {
		return node{}, err
	}
	store := keystore.NewKeyStore(filepath.Join(directory, "keystore"), keystore.LightScryptN, keystore.LightScryptP)
	if _, err := store.ImportECDSA(key.PrivateKey, ""); err != nil {
		return node{}, err
	}
	// Any key will do for the peers' encryption; derived, so that a chain can be laid out again.
	peerKey, err := crypto.ToECDSA(crypto.Keccak256([]byte("peer"), crypto.FromECDSA(key.PrivateKey)))
	if err != nil {
		return node{}, err
	}
	if err := crypto.SaveECDSA(filepath.Join(directory, "atlas", "nodekey"), peerKey); err != nil {
		return node{}, err
	}
	url := enode.NewV4(&peerKey.PublicKey, net.IPv4(127, 0, 0, 1), port, port).URLv4()
	return node{Validator: key.Address, Port: port, Enode: url}, nil
}

func writeJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o600)
}
